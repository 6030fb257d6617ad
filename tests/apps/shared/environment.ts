/** What the environment tells a process; whatever is missing is said by its name, all at once. */

export class Environment {
  readonly #absent: string[] = [];

  constructor(private readonly variables: NodeJS.ProcessEnv) {}

  required(name: string): string {
    const value = this.variables[name];
    if (!value) this.#absent.push(name);
    return value ?? "";
  }

  optional(name: string): string | undefined {
    return this.variables[name] || undefined;
  }

  number(name: string, otherwise?: number): number {
    const text = otherwise === undefined ? this.required(name) : this.variables[name];
    const value = text ? Number(text) : (otherwise ?? 0);
    if (Number.isNaN(value)) throw new Error(`${name} is no number`);
    return value;
  }

  /** The first key signs; every one of them is believed, so that it can be exchanged. */
  signingKeys(name: string): [string, ...string[]] {
    const previous = this.optional(`${name}_PREVIOUS`);
    return [this.required(name), ...(previous === undefined ? [] : [previous])];
  }

  /** Called when everything has been asked for. */
  complete(): void {
    if (this.#absent.length) throw new Error(`not set: ${this.#absent.join(", ")}`);
  }
}
