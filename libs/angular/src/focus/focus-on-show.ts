import { afterNextRender, booleanAttribute, Directive, ElementRef, inject, input } from '@angular/core';

/** Takes the focus when it is shown, from the element that it replaces, so that keyboard users keep their place. */
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
