/**
 * Listening to calls of functions that know nothing of it.
 *
 * @module
 */

/** A function of the runtime or a method, as it is called. */
export type Call = (this: unknown, ...args: unknown[]) => unknown;

/**
 * Puts another function in the place of `owner[name]`, made from it.
 *
 * @throws {TypeError} when there is none: what is listened to has another name now.
 */
export function replace(
  owner: object,
  name: string,
  make: (original: Call) => Call,
): void {
  const original: unknown = Reflect.get(owner, name);
  if (typeof original !== "function") {
    throw new TypeError(`There is no function ${name} to listen to`);
  }
  Object.defineProperty(owner, name, {
    value: make(original as Call),
    configurable: true,
    writable: true,
  });
}

/** Calls back before each call, with its arguments. */
export function before(
  owner: object,
  name: string,
  hear: (...args: unknown[]) => void,
): void {
  replace(owner, name, (original) =>
    function (...args) {
      hear(...args);
      return original.apply(this, args);
    });
}

/** Calls back after each call that succeeded, at once or in time: with its result, `this`, and its arguments. */
export function after(
  owner: object,
  name: string,
  hear: (result: unknown, self: unknown, ...args: unknown[]) => void,
): void {
  replace(owner, name, (original) =>
    function (...args) {
      const result = original.apply(this, args);
      if (!(result instanceof Promise)) {
        hear(result, this, ...args);
        return result;
      }
      return result.then((value) => {
        hear(value, this, ...args);
        return value;
      });
    });
}
