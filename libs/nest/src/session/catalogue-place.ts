import { Logger } from '@nestjs/common';
import { UploadError } from '@upload-streams/protocol';
import { statSync } from 'node:fs';

/**
 * Whether the file of the catalogue is still the one that was opened. One that was removed or replaced goes on taking
 * changes, which nobody will ever find again.
 */
export class CataloguePlace {
  private readonly logger = new Logger('Catalogue');
  private readonly opened: string | undefined;
  private wasSaid = false;

  constructor(private readonly path: string) {
    this.opened = this.present();
  }

  /** Throws STORAGE_FAILED where it is another file, or none. Takes microseconds. */
  require(): void {
    if (this.present() === this.opened) return;
    if (!this.wasSaid) {
      this.wasSaid = true;
      this.logger.error(
        `The catalogue ${this.path} was removed or replaced while the gateway runs. It takes no more uploads. ` +
          'Stop it, put the catalogue back or rebuild it (npm run catalogue:rebuild), and start it again',
      );
    }
    throw new UploadError('STORAGE_FAILED');
  }

  private present(): string | undefined {
    const found = statSync(this.path, { throwIfNoEntry: false });
    return found && `${found.dev}:${found.ino}`;
  }
}
