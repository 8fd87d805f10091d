import { launch } from './support/launch.js';

const { appUrl, sandbox } = await launch({ quiet: true });

console.log(`
  Sample application   ${appUrl}
  Sandbox marketplace  ${sandbox.url}

  Open the application and sign in with the marketplace: pick a person, then a company, then charge 20.00.
  The sandbox shows the bill, and everything else that happened. Ctrl-C stops both.
`);
