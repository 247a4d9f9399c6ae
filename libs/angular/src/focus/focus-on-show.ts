import { afterNextRender, booleanAttribute, Directive, ElementRef, inject, input } from '@angular/core';

/** Takes the focus once it is shown: what it replaced had it, and a keyboard must not start from the top again. */
@Directive({ selector: '[usFocusOnShow]' })
export class FocusOnShow {
  readonly usFocusOnShow = input(true, { transform: booleanAttribute });

  constructor() {
    const element = inject<ElementRef<HTMLElement>>(ElementRef).nativeElement;
    afterNextRender(() => {
      if (this.usFocusOnShow()) element.focus();
    });
  }
}
