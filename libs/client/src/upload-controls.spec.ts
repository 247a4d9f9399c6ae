import { describe, expect, it } from '@jest/globals';
import { UploadControls, type UploadCommand } from './upload-controls.js';

function commandsOf(give: (controls: UploadControls) => void): UploadCommand[] {
  const controls = new UploadControls();
  const commands: UploadCommand[] = [];
  controls.commands$.subscribe((command) => commands.push(command));
  give(controls);
  return commands;
}

describe('UploadControls', () => {
  it('says to run at first', () => {
    expect(commandsOf(() => undefined)).toEqual(['run']);
  });

  it('pauses, resumes and cancels', () => {
    const commands = commandsOf((controls) => {
      controls.pause();
      controls.resume();
      controls.cancel();
    });
    expect(commands).toEqual(['run', 'pause', 'run', 'cancel']);
  });

  it('emits a command once, however often it is given', () => {
    const commands = commandsOf((controls) => {
      controls.resume();
      controls.pause();
      controls.pause();
    });
    expect(commands).toEqual(['run', 'pause']);
  });

  it('emits nothing after a cancel', () => {
    const commands = commandsOf((controls) => {
      controls.cancel();
      controls.resume();
      controls.pause();
      controls.cancel();
    });
    expect(commands).toEqual(['run', 'cancel']);
  });

  it('emits the latest command to a later subscriber', () => {
    const controls = new UploadControls();
    controls.pause();
    const commands: UploadCommand[] = [];
    controls.commands$.subscribe((command) => commands.push(command));
    expect(commands).toEqual(['pause']);
  });
});
