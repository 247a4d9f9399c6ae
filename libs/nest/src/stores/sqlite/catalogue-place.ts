import { Logger } from '@nestjs/common';
import { UploadError } from '@upload-streams/protocol';
import { statSync } from 'node:fs';

/** What is wrong with a damaged catalogue, and what to do. */
export const damageOf = (path: string): string =>
  `The catalogue ${path} is damaged. Stop the gateway, move this file and its -wal file away, put a backup in its place ` +
  'or rebuild it (npm run catalogue:rebuild), and start the gateway again';

/**
 * Checks that the file of the catalogue is still the one that was opened, and not damaged. SQLite would go on writing to a
 * file that was removed or replaced, and nobody would ever find those changes.
 */
export class CataloguePlace {
  private readonly logger = new Logger('Catalogue');
  private readonly opened: string | undefined;
  private isDamaged = false;
  private wasSaid = false;

  constructor(private readonly path: string) {
    this.opened = this.present();
  }

  /** Throws STORAGE_FAILED where the file is missing, another one, or damaged. Takes microseconds. */
  require(): void {
    if (!this.isDamaged && this.present() === this.opened) return;
    this.say(
      `The catalogue ${this.path} was removed or replaced while the gateway runs. ` +
        'Stop it, put the catalogue back or rebuild it (npm run catalogue:rebuild), and start it again',
    );
    throw new UploadError('STORAGE_FAILED');
  }

  /** A part of the file could not be read: nothing more may be written to it. */
  giveUp(): void {
    this.isDamaged = true;
    this.say(damageOf(this.path));
  }

  private say(why: string): void {
    if (this.wasSaid) return;
    this.wasSaid = true;
    this.logger.error(`${why}. It takes no more uploads until then`);
  }

  private present(): string | undefined {
    const found = statSync(this.path, { throwIfNoEntry: false });
    return found && `${found.dev}:${found.ino}`;
  }
}
