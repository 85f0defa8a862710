import * as vscode from 'vscode';
import { askRegistry as chooseRegistry } from '../command/ask.ts';
import { command } from '../command/command.ts';
import type { Registries } from '../registries/registries.ts';
import type { AskPolicy } from './askPolicy.ts';

/**
 * Lets hovers, completions and actions in files ask a registry that the user hasn't added, until
 * the window closes. Started from a hover, shows the hover again.
 */
export const askRegistry = command(
  ['registry'],
  async (argument, needs: { readonly registries: Registries; readonly askPolicy: AskPolicy }, call) => {
    const registry = argument.registry ?? (await chooseRegistry(argument, needs.registries, 'Ask Registry'));
    if (registry === undefined) return;
    needs.askPolicy.allow(registry);
    if (call.interactive) await vscode.commands.executeCommand('editor.action.showHover');
  },
);
