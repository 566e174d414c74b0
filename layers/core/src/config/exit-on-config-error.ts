import { errorCodeOf, messageOf } from '../domain/errors.ts';

const CONFIG_ERROR_EXIT_CODE = 2;

export interface ExitOptions {
  /** @default on stderr, after `configuration: ` */
  readonly print?: (message: string) => void;
  /** @default process.exit */
  readonly exit?: (code: number) => never;
}

/**
 * For composition roots: `const config = exitOnConfigError(() => parseEnvironment(schema, process.env))` prints all
 * problems and ends the process with code 2. Errors of any other kind pass through.
 */
export function exitOnConfigError<T>(parse: () => T, options: ExitOptions = {}): T {
  const {
    print = (message) => void process.stderr.write(`configuration: ${message}\n`),
    exit = (code) => process.exit(code),
  } = options;
  try {
    return parse();
  } catch (error) {
    if (errorCodeOf(error) !== 'CONFIG_INVALID') throw error;
    print(messageOf(error));
    return exit(CONFIG_ERROR_EXIT_CODE);
  }
}
