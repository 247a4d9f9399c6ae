import { Injectable, Optional, type DynamicModule, type OnModuleInit } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { UploadArea } from './upload-area.js';

/** Which uploads a module is about. */
export interface AreaChoice {
  /**
   * The `UploadModule`, as the object that `forRoot` or `forRootAsync` returned and that the application imports too. Not
   * needed where the application has only one.
   */
  readonly area?: DynamicModule | undefined;
}

const REMEDY =
  'Pass the one that is meant, as the object that its forRoot returned, to each UploadHttpModule, UploadHealthModule and ' +
  'UploadMetricsModule: forRoot(options, { area })';

/** Finds the `UploadModule` that a module is about: the imported one, or else the only one of the application. */
@Injectable()
export class ChosenArea implements OnModuleInit {
  private found: UploadArea | undefined;

  constructor(
    private readonly modules: ModuleRef,
    @Optional() private readonly imported?: UploadArea,
  ) {}

  /** So that a mistake ends the start, not the first request. */
  onModuleInit(): void {
    this.found = this.area;
  }

  /** Throws where there is no UploadModule, or more than one to choose from. Not for use in constructors. */
  get area(): UploadArea {
    return this.found ?? this.imported ?? this.onlyOne();
  }

  private onlyOne(): UploadArea {
    const [first, ...others] = this.all();
    if (!first) throw new Error('There is no UploadModule. Import one in the application');
    if (others.length === 0) return first;
    throw new Error(`There are ${others.length + 1} UploadModules. ${REMEDY}`);
  }

  private all(): readonly UploadArea[] {
    try {
      return this.modules.get(UploadArea, { strict: false, each: true });
    } catch {
      // Nest throws where no module has it.
      return [];
    }
  }
}
