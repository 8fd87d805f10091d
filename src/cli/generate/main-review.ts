import type ts from 'typescript';

import { importedFrom, isNamed, namesOf, parseSource, type TypeScript } from './typescript.js';

/** What the application's start says that the integration has to know. */
export interface MainReview {
  /** The class that `NestFactory.create()` is given, and what it is imported from. */
  readonly root: { readonly className: string; readonly specifier: string } | null;
  /** Whether the application has sessions of its own, in which ours is then kept. */
  readonly hasSession: boolean;
  readonly isFastify: boolean;
  /** Lines that are needed, each with its reason. */
  readonly advice: readonly Advice[];
}

/** Something to write by hand. */
export interface Advice {
  /** Where, such as `src/main.ts line 7`. */
  readonly place: string;
  readonly reason: string;
  /** TypeScript. */
  readonly lines: readonly string[];
}

const SESSIONS = new Set([
  'express-session',
  'cookie-session',
  '@fastify/session',
  '@fastify/secure-session',
]);
const CSRF = new Set([
  'csurf',
  '@dr.pogodin/csurf',
  'csrf-csrf',
  'csrf-sync',
  'tiny-csrf',
  'lusca',
  '@fastify/csrf-protection',
]);
const ROUTES_IMPORT = `import { maestranoRoutes } from 'nestjs-maestrano';`;

/** Looks at the file that starts the application for prefixes, guards, CSRF protection, body parsers and sessions. */
export function reviewMain(compiler: TypeScript, path: string, source: string): MainReview {
  const file = parseSource(compiler, 'main.ts', source);
  const imported = importedFrom(compiler, file);
  const packages = new Set(imported.values());
  const factory = namesOf(compiler, file, '@nestjs/core', 'NestFactory');
  const advice: Advice[] = [];
  let root: MainReview['root'] = null;
  const visit = (node: ts.Node): void => {
    if (compiler.isCallExpression(node) && compiler.isPropertyAccessExpression(node.expression)) {
      const { expression, name } = node.expression;
      const line = file.getLineAndCharacterOfPosition(node.getStart()).line + 1;
      const place = `${path} line ${line}`;
      const [first] = node.arguments;
      if (name.text.startsWith('create') && isNamed(compiler, expression, factory, 'NestFactory') && first) {
        const specifier = compiler.isIdentifier(first) ? imported.get(first.text) : undefined;
        if (specifier !== undefined) root = { className: first.getText(), specifier };
      }
      advice.push(...adviceOn(compiler, name.text, node, place));
    }
    if (compiler.isPropertyAssignment(node) && hasSessions(packages)) {
      const line = file.getLineAndCharacterOfPosition(node.getStart()).line + 1;
      advice.push(...cookieAdvice(compiler, node, `${path} line ${line}`, source));
    }
    compiler.forEachChild(node, visit);
  };
  visit(file);
  const csrf = [...packages].find((name) => CSRF.has(name));
  if (csrf !== undefined) {
    advice.push({
      place: path,
      reason: `${csrf} would reject the login that the marketplace posts from its own site: leave our routes out.`,
      lines: [ROUTES_IMPORT, '// maestranoRoutes() is the list of their paths'],
    });
  }
  return {
    root,
    hasSession: hasSessions(packages),
    isFastify: packages.has('@nestjs/platform-fastify'),
    advice,
  };
}

function hasSessions(packages: ReadonlySet<string>): boolean {
  return [...packages].some((name) => SESSIONS.has(name));
}

/** Attributes of a session's cookie with which nobody stays signed in (docs/sessions.md). */
function cookieAdvice(
  compiler: TypeScript,
  { name, initializer }: ts.PropertyAssignment,
  place: string,
  source: string,
): Advice[] {
  const attribute = name.getText().replace(/^['"](.*)['"]$/, '$1');
  const isTrue = initializer.kind === compiler.SyntaxKind.TrueKeyword;
  const isStrict = compiler.isStringLiteral(initializer) && initializer.text.toLowerCase() === 'strict';
  // `true` means strict to the session libraries.
  if (attribute === 'sameSite' && (isTrue || isStrict)) {
    return [
      {
        place,
        reason:
          'The way back from a login begins at the marketplace: no browser brings a strict cookie along.',
        lines: ["sameSite: 'lax',"],
      },
    ];
  }
  if (attribute !== 'secure' || !isTrue || /trust ?proxy/i.test(source)) return [];
  return [
    {
      place,
      reason: 'Behind a proxy that ends TLS this cookie is only sent where the proxy is trusted.',
      lines: [
        "app.set('trust proxy', 1); // on Fastify: new FastifyAdapter({ trustProxy: '<its address>' })",
      ],
    },
  ];
}

function adviceOn(compiler: TypeScript, name: string, call: ts.CallExpression, place: string): Advice[] {
  const text = call.getText();
  if (text.includes('maestranoRoutes')) return [];
  const [first, second] = call.arguments;
  const app = (call.expression as ts.PropertyAccessExpression).expression.getText();
  switch (name) {
    case 'setGlobalPrefix': {
      const excluded =
        second && compiler.isObjectLiteralExpression(second) ? excludedOf(compiler, second) : '';
      return [
        {
          place,
          reason: 'The marketplace knows our paths without the prefix: leave our routes out of it.',
          lines: [
            ROUTES_IMPORT,
            `${app}.setGlobalPrefix(${first?.getText() ?? "''"}, { exclude: ${excluded || 'maestranoRoutes()'} });`,
          ],
        },
      ];
    }
    case 'enableCsrfProtection':
      return [
        {
          place,
          reason: 'The marketplace posts logins from its own site: leave our routes out of it.',
          lines: [ROUTES_IMPORT, `${app}.enableCsrfProtection({ exclude: maestranoRoutes() });`],
        },
      ];
    case 'useGlobalGuards':
      return [guardAdvice(place)];
    default:
      return [];
  }
}

function excludedOf(compiler: TypeScript, options: ts.ObjectLiteralExpression): string {
  const property = options.properties.find(({ name }) => name?.getText() === 'exclude');
  return property && compiler.isPropertyAssignment(property)
    ? `[...${property.initializer.getText()}, ...maestranoRoutes()]`
    : '';
}

/** What a guard for the whole application needs. */
export function guardAdvice(place: string): Advice {
  return {
    place,
    reason:
      'A guard for the whole application also stands before our controllers: mark them as public, in your way.',
    lines: ['decorators: [Public()], // beside userAdapter in maestrano-integration.module.ts'],
  };
}
