/**
 * The worst moment: what others do just before or after a change of the disk.
 *
 * @module
 */

/** Replaces a method until it is disposed; `make` is given the method itself. */
export function intercepted<Owner, Name extends keyof Owner>(
  object: Owner,
  name: Name,
  make: (original: Owner[Name]) => Owner[Name],
): Disposable {
  const original = object[name];
  object[name] = make(original);
  return {
    [Symbol.dispose]: () => {
      object[name] = original;
    },
  };
}
