import type { ComplianceReport } from './compliance-scenario.interface.js';

function escapeXml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replace(/[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD]/g, '?');
}

/** The checklist in the form that CI servers read. */
export function toJunit({ results, failed, skipped }: ComplianceReport): string {
  const cases = results.map(({ id, area, result, reason, remedy, exchanges, durationMs }) => {
    const open = `<testcase classname="comply.${area}" name="${id}" time="${(durationMs / 1000).toFixed(3)}"`;
    if (result === 'passed') return `    ${open}/>`;
    if (result === 'skipped') return `    ${open}><skipped message="${escapeXml(reason ?? '')}"/></testcase>`;
    const detail = escapeXml([remedy, ...exchanges].join('\n'));
    return `    ${open}><failure message="${escapeXml(reason ?? '')}">${detail}</failure></testcase>`;
  });
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<testsuites>',
    `  <testsuite name="nestjs-maestrano comply" tests="${results.length}" failures="${failed}" skipped="${skipped}">`,
    ...cases,
    '  </testsuite>',
    '</testsuites>',
    '',
  ].join('\n');
}
