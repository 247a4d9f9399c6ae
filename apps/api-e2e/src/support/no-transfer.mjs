// Loaded before the gateway (`--import`): a runtime that can not detach the memory of a buffer, as Node 20.
delete ArrayBuffer.prototype.transfer;
