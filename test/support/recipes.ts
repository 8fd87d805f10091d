import { snippetsOf, type Snippet } from '../package/program.js';

/** The fenced blocks of docs/recipes.md. */
export const RECIPES: readonly Snippet[] = snippetsOf('docs/recipes.md');

/**
 * The recipe that begins with `// recipes/<name>` or `// <name>`.
 *
 * @throws Error where the document has none
 */
export function recipeText(name: string): string {
  const found = RECIPES.find(
    ({ text }) => text.startsWith(`// recipes/${name}`) || text.startsWith(`// ${name}`),
  );
  if (!found) throw new Error(`docs/recipes.md has no ${name}.`);
  return found.text;
}

/**
 * A recipe with the names of this machine in place of its own.
 *
 * @throws Error for a name that the recipe does not have
 */
export function filledIn(text: string, names: readonly (readonly [written: string, here: string])[]): string {
  return names.reduce((filled, [written, here]) => {
    if (!filled.includes(written)) throw new Error(`The recipe does not say "${written}" any more.`);
    return filled.replaceAll(written, here);
  }, text);
}
