/**
 * What a source file imports, and which doors to the machine it uses.
 *
 * It reads syntax trees, not text: a word in a comment or a string is not a
 * use. It works inside `deno test` only, where Deno gives its linter's parser.
 *
 * @module
 */

import type { Machine } from "./machine.ts";

/** One import or re-export. */
export interface Import {
  readonly specifier: string;
  readonly typesOnly: boolean;
  /** The names imported, where each is named; `undefined` where all may be. */
  readonly names: readonly string[] | undefined;
}

/** Everything that one file reaches for outside itself. */
export interface Uses {
  readonly imports: Import[];
  /** Members of `Deno` that are read; `*` when the whole of it is passed on. */
  readonly deno: string[];
  /** Other names that reach the machine, with what they reach. */
  readonly globals: (readonly [string, Machine])[];
}

/** Reads one file. What it imports by a computed name is `(computed)`. */
export function usesOf(path: string, text: string): Uses {
  const uses: Uses = { imports: [], deno: [], globals: [] };
  const imports = (
    source: Deno.lint.Node | null,
    typesOnly: boolean,
    names?: readonly string[],
  ) => {
    if (source === null) return;
    const known = source.type === "Literal" && typeof source.value === "string";
    const specifier = known ? String(source.value) : "(computed)";
    uses.imports.push({ specifier, typesOnly, names });
  };
  const visitor: Deno.lint.LintVisitor = {
    ImportDeclaration({ source, importKind, specifiers }) {
      const eachType = specifiers.length > 0 &&
        specifiers.every((specifier) =>
          specifier.type === "ImportSpecifier" &&
          specifier.importKind === "type"
        );
      const names = specifiers.map((specifier) =>
        specifier.type === "ImportSpecifier" &&
          specifier.imported.type === "Identifier"
          ? specifier.imported.name
          : "*"
      );
      const named = names.length > 0 ? names : undefined;
      imports(source, importKind === "type" || eachType, named);
    },
    ExportAllDeclaration({ source, exportKind }) {
      imports(source, exportKind === "type");
    },
    ExportNamedDeclaration({ source, exportKind }) {
      imports(source, exportKind === "type");
    },
    ImportExpression({ source }) {
      imports(source, false);
    },
    TSImportType({ argument }) {
      imports(
        argument.type === "TSLiteralType" ? argument.literal : argument,
        true,
      );
    },
    Identifier(node) {
      if (node.name === "Deno") uses.deno.push(memberOf(node));
    },
    MemberExpression({ object }) {
      if (object.type !== "Identifier") return;
      if (object.name === "console") uses.globals.push(["console", "terminal"]);
      if (object.name === "process") uses.globals.push(["process", "process"]);
    },
    CallExpression({ callee }) {
      if (callee.type !== "Identifier") return;
      if (callee.name === "fetch") uses.globals.push(["fetch", "network"]);
    },
    NewExpression({ callee }) {
      if (callee.type !== "Identifier" || callee.name !== "WebSocket") return;
      uses.globals.push(["WebSocket", "network"]);
    },
  };
  Deno.lint.runPlugin(
    { name: "layout", rules: { uses: { create: () => visitor } } },
    path,
    text,
  );
  return uses;
}

/** Which member of `Deno` an occurrence of that name reads; `*` when that is open. */
function memberOf(deno: Deno.lint.Identifier): string {
  const { parent } = deno;
  if (parent.type === "TSQualifiedName") return parent.right.name;
  if (parent.type !== "MemberExpression") return "*";
  const { property, computed } = parent;
  if (property.type === "Literal") return String(property.value);
  return property.type === "Identifier" && !computed ? property.name : "*";
}
