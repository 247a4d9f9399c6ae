import { afterEveryRender, Directive, ElementRef, inject } from '@angular/core';

/**
 * Keeps the focus in a list whose buttons come and go: it moves to what remains of the row, or else to the list. Otherwise a
 * browser loses the focus with the button, and people who use a keyboard start again at the top of the page.
 */
@Directive({
  selector: '[usKeepFocus]',
  host: { tabindex: '-1', '(focusin)': 'note($event.target)' },
})
export class KeepFocus {
  private readonly list = inject<ElementRef<HTMLElement>>(ElementRef).nativeElement;
  private focused: Element | undefined;
  private row: Element | undefined;

  constructor() {
    // In the last phase, after elements that take the focus by themselves.
    afterEveryRender({ read: () => this.rescue() });
  }

  protected note(target: EventTarget | null): void {
    this.focused = target instanceof Element ? target : undefined;
    this.row = this.focused?.closest('li') ?? undefined;
  }

  private rescue(): void {
    if (!this.focused || this.focused.isConnected) return;
    const { activeElement, body } = this.list.ownerDocument;
    const successor = this.row?.isConnected ? this.row.querySelector<HTMLElement>('button, a[href]') : undefined;
    this.focused = undefined;
    if (activeElement === body) (successor ?? this.list).focus();
  }
}
