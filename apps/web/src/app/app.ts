import { ChangeDetectionStrategy, Component } from '@angular/core';
import { UploadPage } from './upload-page';

/** The shell: the name of the place, and the page in it. */
@Component({
  selector: 'us-root',
  imports: [UploadPage],
  template: `
    <header>
      <div class="bar">
        <img src="favicon.svg" alt="" width="32" height="32" />
        <h1>Upload Streams</h1>
      </div>
    </header>
    <main>
      <us-upload-page />
    </main>
  `,
  styleUrl: './app.scss',
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class App {}
