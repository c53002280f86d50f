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
  /** The names that the file itself uses; `*` or `undefined` where it may be any. */
  readonly names: readonly string[] | undefined;
}

/** One name that a file exports. */
export interface Export {
  /** `*` for all that another file exports. */
  readonly name: string;
  /** Whether it is more than a type; unknown, and `false`, of what another file declares. */
  readonly value: boolean;
  /** The file that declares it and its name there, when that is another one; `*` for that whole file. */
  readonly origin?: { readonly specifier: string; readonly name: string };
}

/** Everything that one file reaches for outside itself, and what it gives to others. */
export interface Uses {
  readonly imports: Import[];
  readonly exports: Export[];
  /** Members of `Deno` that are read; `*` when the whole of it is passed on. */
  readonly deno: string[];
  /** Other names that reach the machine, with what they reach. */
  readonly globals: (readonly [string, Machine])[];
}

const TIMERS: ReadonlySet<string> = new Set(["setTimeout", "setInterval"]);

const CLOCKS: ReadonlySet<string> = new Set([
  "Date.now",
  "performance.now",
  "AbortSignal.timeout",
  "globalThis.setTimeout",
  "globalThis.setInterval",
]);

/** Reads one file. What it imports by a computed name is `(computed)`. */
export function usesOf(path: string, text: string): Uses {
  const uses: Uses = { imports: [], exports: [], deno: [], globals: [] };
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
      imports(source, importKind === "type" || eachType, names);
    },
    ExportAllDeclaration({ source, exportKind, exported }) {
      imports(source, exportKind === "type", []);
      uses.exports.push({
        name: exported === null ? "*" : nameOf(exported),
        value: false,
        origin: { specifier: source.value, name: "*" },
      });
    },
    ExportNamedDeclaration({ source, exportKind, specifiers, declaration }) {
      imports(source, exportKind === "type", []);
      for (const { local, exported } of specifiers) {
        uses.exports.push({
          name: nameOf(exported),
          value: false,
          ...(source && {
            origin: { specifier: source.value, name: nameOf(local) },
          }),
        });
      }
      uses.exports.push(...declared(declaration));
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
    MemberExpression({ object, property }) {
      if (object.type !== "Identifier") return;
      if (property.type === "Identifier") {
        const member = `${object.name}.${property.name}`;
        if (CLOCKS.has(member)) uses.globals.push([member, "clock"]);
      }
      if (object.name === "console") uses.globals.push(["console", "terminal"]);
      if (object.name === "process") uses.globals.push(["process", "process"]);
    },
    CallExpression({ callee }) {
      if (callee.type !== "Identifier") return;
      if (TIMERS.has(callee.name)) uses.globals.push([callee.name, "clock"]);
      if (callee.name === "fetch") uses.globals.push(["fetch", "network"]);
    },
    NewExpression({ callee, arguments: given }) {
      if (callee.type !== "Identifier") return;
      if (callee.name === "WebSocket") {
        uses.globals.push(["WebSocket", "network"]);
      }
      if (callee.name === "Date" && given.length === 0) {
        uses.globals.push(["new Date()", "clock"]);
      }
    },
  };
  Deno.lint.runPlugin(
    { name: "layout", rules: { uses: { create: () => visitor } } },
    path,
    text,
  );
  return uses;
}

function nameOf(name: Deno.lint.Identifier | Deno.lint.StringLiteral): string {
  return name.type === "Identifier" ? name.name : name.value;
}

/** The names that an exported declaration declares. */
function declared(
  declaration: Deno.lint.ExportNamedDeclaration["declaration"],
): Export[] {
  if (!declaration) return [];
  switch (declaration.type) {
    case "VariableDeclaration":
      return declaration.declarations.flatMap(({ id }) =>
        id.type === "Identifier" ? [{ name: id.name, value: true }] : []
      );
    case "TSInterfaceDeclaration":
    case "TSTypeAliasDeclaration":
      return [{ name: declaration.id.name, value: false }];
    default:
      return "id" in declaration && declaration.id?.type === "Identifier"
        ? [{ name: declaration.id.name, value: true }]
        : [];
  }
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
