// A program that starts servers and then ends in the way its argument says; run by the tests of orphans.
import { startKafka } from '../../infra/local/services/kafka.ts';
import { startMariadb } from '../../infra/local/services/mariadb.ts';
import { startRedis } from '../../infra/local/services/redis.ts';

const services = await Promise.all([startRedis(), startKafka(), startMariadb()]);
console.log(JSON.stringify(services.map(({ pid }) => pid)));
if (process.argv[2] === 'throw') {
  setImmediate(() => {
    throw new Error('as asked');
  });
}
if (process.argv[2] === 'exit') process.exit(0);
setInterval(() => {}, 1_000);
