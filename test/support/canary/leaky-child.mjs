// Stands for a product process that says too much.
process.stderr.write(`refused ${process.env.APP_SECRET}\n`);
