/**
 * Lets `instanceof` hold across copies of this package. A program that both imports and requires it loads two builds, whose
 * classes are different objects; what one of them made must still be recognised by the other.
 */

/** Any class, abstract or not. */
export type AnyClass = abstract new (...args: never[]) => object;

/**
 * Marks the instances of a class, and makes `instanceof` look for the mark. Subclasses are judged as usual, by their
 * prototypes, unless they are marked themselves.
 *
 * @param name What all copies call the class, as `@vextrus/kernel/DomainError`. A change that makes instances of an older
 * copy unusable needs another name.
 */
export function shareInstances(target: AnyClass, name: string): void {
  const mark = Symbol.for(name);
  Object.defineProperty(target.prototype, mark, { value: true });
  Object.defineProperty(target, Symbol.hasInstance, {
    value(this: unknown, candidate: unknown): boolean {
      if (this !== target) return Function.prototype[Symbol.hasInstance].call(this, candidate);
      return typeof candidate === "object" && candidate !== null && mark in candidate;
    },
  });
}
