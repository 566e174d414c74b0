/** A problem that a person can solve: told without a stack trace. */
export class BootstrapError extends Error {
  constructor(exitCode, message) {
    super(message);
    this.exitCode = exitCode;
  }
}
