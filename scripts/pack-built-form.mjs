// The `prepack` script of a package whose built form is in `dist`: packing or publishing its sources is a mistake.
console.error('Pack or publish the folder `dist` of this package: npm run build && npm pack ./dist');
process.exit(1);
