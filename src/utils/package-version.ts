/**
 * The version of this package, for User-Agent and diagnostics. Written down, because reading package.json would need
 * `import.meta`, which applications that test in CommonJS cannot load; a test compares the two.
 */
export const PACKAGE_VERSION = '0.1.0';
