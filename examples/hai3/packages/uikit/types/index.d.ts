/** HTML that needs no more escaping. */
export interface Markup {
  readonly text: string;
  toString(): string;
}

/** What can be written: text is escaped, undefined, null and false are nothing. */
export type Content = Markup | string | number | boolean | null | undefined | readonly Content[];

export function html(strings: TemplateStringsArray, ...values: unknown[]): Markup;
/** Takes text as HTML without escaping it. Never for what a user wrote. */
export function raw(text: string): Markup;
export function render(content: Content): string;

export interface ButtonProps {
  readonly label: Content;
  readonly kind?: "primary" | "secondary" | "danger";
  /** Makes it a link; only http, https, mailto and relative ones are kept. */
  readonly href?: string;
  readonly isDisabled?: boolean;
}
export function button(props: ButtonProps): Markup;

export interface CardProps {
  readonly title: Content;
  readonly body: Content;
  readonly actions?: readonly Content[];
}
export function card(props: CardProps): Markup;

export interface AlertProps {
  readonly message: Content;
  readonly level?: "info" | "warning" | "error";
}
export function alert(props: AlertProps): Markup;

export function badge(props: { text: Content }): Markup;

export interface FieldProps {
  readonly name: string;
  readonly label: Content;
  readonly value?: string | number;
  readonly type?: "text" | "number" | "email" | "password" | "date";
  readonly error?: string;
}
export function field(props: FieldProps): Markup;

export interface TableProps<Row> {
  readonly columns: readonly { readonly title: Content; readonly cell: (row: Row) => Content }[];
  readonly rows: readonly Row[];
  readonly empty?: Content;
}
export function table<Row>(props: TableProps<Row>): Markup;

export interface Theme {
  readonly accent: string;
  readonly text: string;
  readonly surface: string;
  readonly error: string;
  readonly radius: string;
  readonly space: string;
}
export const defaultTheme: Theme;
/** Throws a TypeError for a value that would end its declaration. */
export function themeCss(changes?: Partial<Theme>): string;

export interface PageProps {
  readonly title: string;
  readonly body: Content;
  readonly lang?: string;
  readonly theme?: Partial<Theme>;
}
export function page(props: PageProps): Markup;
