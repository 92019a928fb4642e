/** Things of the domain that stay the same while what is known about them changes. */
import { shareInstances } from "./shared-instances.ts";

/** Base of entities: two are the same thing when they have the same type and the same id, whatever else they hold. */
export abstract class Entity<Id extends string> {
  /** Names what this is, as `order`, in events and messages too. */
  abstract readonly type: string;
  readonly id: Id;

  static {
    shareInstances(Entity, "@vextrus/kernel/Entity");
  }

  constructor(id: Id) {
    this.id = id;
  }

  equals(other: unknown): boolean {
    return other instanceof Entity && other.type === this.type && other.id === this.id;
  }
}
