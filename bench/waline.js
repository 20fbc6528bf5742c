// Waline on the loopback, or what it asks another host for at each request, answered here.
// node waline.js FOLDER PORT; node waline.js - PORT
const http = require('node:http');
const { createRequire } = require('node:module');

const [folder, port] = process.argv.slice(2);
const services = (_request, response) => {
  response.setHeader('content-type', 'application/json');
  response.end('{"services":[]}');
};
const waline = () => createRequire(`${folder}/`)('@waline/vercel')({ env: 'vanilla' });

http.createServer(folder === '-' ? services : waline()).listen(Number(port), '127.0.0.1');
