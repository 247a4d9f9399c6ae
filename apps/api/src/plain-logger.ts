import { ConsoleLogger } from '@nestjs/common';

/** Contexts in which Nest logs how it wires itself up, which does not interest whoever runs the gateway. */
const FRAMEWORK = new Set([
  'NestFactory',
  'InstanceLoader',
  'RoutesResolver',
  'RouterExplorer',
  'WebSocketsController',
  'NestApplication',
]);

/** Contexts in which Nest logs the stack of a failed start; `main` reports it in one sentence. */
const START_ERRORS = new Set(['ExceptionHandler', 'NestApplication']);

/** Nest's logger without the framework's own messages; warnings and errors stay. */
export class PlainLogger extends ConsoleLogger {
  constructor() {
    super({ colors: process.stdout.isTTY === true });
  }

  override log(message: unknown, ...rest: unknown[]): void {
    const context = rest.at(-1);
    if (typeof context !== 'string' || !FRAMEWORK.has(context)) super.log(message, ...(rest as [string?]));
  }

  override error(message: unknown, ...rest: unknown[]): void {
    if (!START_ERRORS.has(String(rest.at(-1)))) super.error(message, ...(rest as [string?]));
  }
}
