import middy from '@middy/core';

export const handler = middy(async (event: string) => `${event} from middy`);
