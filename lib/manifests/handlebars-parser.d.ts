/** Handlebars' parser by itself, which the package has no types for. */
declare module 'handlebars/dist/cjs/handlebars/compiler/base.js' {
  export const parse: typeof import('handlebars').parse;
}
