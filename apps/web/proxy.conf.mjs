// Development only: the page of `ng serve` reaches the gateway as if it were its own origin.
const target = `http://localhost:${process.env.GATEWAY_PORT ?? 3000}`;

export default {
  '/api': { target },
  '/health': { target },
  '/upload-streams': { target, ws: true },
  '/socket.io': { target, ws: true },
};
