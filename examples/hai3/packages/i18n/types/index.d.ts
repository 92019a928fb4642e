/** Forms of one message by plural category; `zero` is also taken for a count of 0 where the language has no such category. */
export type Plural = { readonly other: string } & { readonly [C in Intl.LDMLPluralRule]?: string };

export type Message = string | Plural;

/** Nested as you like: `{ cart: { items: … } }` is the key `cart.items`. */
export interface Messages {
  readonly [key: string]: Message | Messages;
}

/** `count` chooses the plural form. */
export type Params = Readonly<Record<string, string | number>>;

export interface I18nOptions {
  readonly locale: string;
  /** Where to look for what the locale lacks. Default: the first locale. */
  readonly fallback?: string;
  /** By locale. */
  readonly messages?: Readonly<Record<string, Messages>>;
}

export interface I18n {
  readonly locale: string;
  /** Throws a RangeError for what is no language tag. */
  setLocale(locale: string): void;
  /** Adds messages to a locale, replacing those of the same key. */
  add(locale: string, messages: Messages): void;
  has(key: string): boolean;
  /** The message, or the key itself when nobody has translated it. */
  t(key: string, params?: Params): string;
  number(value: number, options?: Intl.NumberFormatOptions): string;
  date(value: Date | number, options?: Intl.DateTimeFormatOptions): string;
  list(items: readonly string[], options?: Intl.ListFormatOptions): string;
  relative(value: number, unit: Intl.RelativeTimeFormatUnit, options?: Intl.RelativeTimeFormatOptions): string;
  /** Calls `listener` after the locale became another. */
  subscribe(listener: (locale: string) => void): () => void;
}

export function createI18n(options: I18nOptions): I18n;

/** Writes one message in a locale. */
export function formatMessage(message: Message, params: Params, locale: string): string;
