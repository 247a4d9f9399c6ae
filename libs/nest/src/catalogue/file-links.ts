import { Injectable } from '@nestjs/common';
import { DEFAULT_FILES_URL } from '../upload-options.js';

/** The URLs of completed files, as clients are told them. They follow the `UploadHttpModule` that serves the files. */
@Injectable()
export class FileLinks {
  private followed: string | undefined;

  readonly urlOf = (fileId: string): string => `${this.base}/${fileId}`;

  /** The URL below which every file has its own. */
  get base(): string {
    return this.followed ?? DEFAULT_FILES_URL;
  }

  /** From now on, links lead there. Returns whether they do: the first route that is named keeps them. */
  follow(base: string): boolean {
    this.followed ??= base;
    return this.followed === base;
  }
}
