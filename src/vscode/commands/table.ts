import { COMMANDS } from '../ids.ts';
import type { CommandServices } from '../services.ts';
import type { CommandArgument } from './argument.ts';

/** A command's work. What the argument lacks, it asks the user for; `undefined` when the user left such a question unanswered. */
export type RunCommand = (argument: CommandArgument, services: CommandServices) => Promise<unknown>;

/** Each command and where its work lies. The file is loaded when the command is first used, so that activation loads none. */
export const COMMAND_TABLE: Readonly<Record<(typeof COMMANDS)[keyof typeof COMMANDS], () => Promise<RunCommand>>> = {
  [COMMANDS.addRegistry]: async () => (await import('./addRegistry.ts')).addRegistry,
  [COMMANDS.removeRegistry]: async () => (await import('./removeRegistry.ts')).removeRegistry,
  [COMMANDS.trustRegistry]: async () => (await import('./trustRegistry.ts')).trustRegistry,
  [COMMANDS.signIn]: async () => (await import('./signIn.ts')).signIn,
  [COMMANDS.signOut]: async () => (await import('./signOut.ts')).signOut,
  [COMMANDS.openImage]: async () => (await import('./openImage.ts')).openImage,
  [COMMANDS.openLocal]: async () => (await import('./openLocal.ts')).openLocal,
  [COMMANDS.searchHub]: async () => (await import('./searchHub.ts')).searchHub,
  [COMMANDS.unpinRepository]: async () => (await import('./unpinRepository.ts')).unpinRepository,
  [COMMANDS.listTags]: async () => (await import('./listTags.ts')).listTags,
  [COMMANDS.showManifest]: async () => (await import('./showManifest.ts')).showManifest,
  [COMMANDS.showConfig]: async () => (await import('./showConfig.ts')).showConfig,
  [COMMANDS.showImagePage]: async () => (await import('./showImagePage.ts')).showImagePage,
  [COMMANDS.analyzeImage]: async () => (await import('./analyzeImage.ts')).analyzeImage,
  [COMMANDS.compareImages]: async () => (await import('./compareImages.ts')).compareImages,
  [COMMANDS.compareLayers]: async () => (await import('./compareLayers.ts')).compareLayers,
  [COMMANDS.compareFiles]: async () => (await import('./compareFiles.ts')).compareFiles,
  [COMMANDS.listFiles]: async () => (await import('./listFiles.ts')).listFiles,
  [COMMANDS.openFile]: async () => (await import('./openFile.ts')).openFile,
  [COMMANDS.saveFile]: async () => (await import('./saveFile.ts')).saveFile,
  [COMMANDS.findFile]: async () => (await import('./findFile.ts')).findFile,
  [COMMANDS.copyPath]: async () => (await import('./copyPath.ts')).copyPath,
  [COMMANDS.browseImage]: async () => (await import('./browseImage.ts')).browseImage,
  [COMMANDS.downloadLayer]: async () => (await import('./downloadLayer.ts')).downloadLayer,
  [COMMANDS.extractLayer]: async () => (await import('./extractLayer.ts')).extractLayer,
  [COMMANDS.pullImage]: async () => (await import('./pullImage.ts')).pullImage,
  [COMMANDS.extractMerged]: async () => (await import('./extractMerged.ts')).extractMerged,
  [COMMANDS.exportImage]: async () => (await import('./exportImage.ts')).exportImage,
  [COMMANDS.mountImage]: async () => (await import('./mountImage.ts')).mountImage,
  [COMMANDS.unmountImage]: async () => (await import('./unmountImage.ts')).unmountImage,
  [COMMANDS.mountWithoutSudo]: async () => (await import('./mountWithoutSudo.ts')).mountWithoutSudo,
  [COMMANDS.unmountLazily]: async () => (await import('./unmountLazily.ts')).unmountLazily,
  [COMMANDS.openShell]: async () => (await import('./openShell.ts')).openShell,
  [COMMANDS.openFolder]: async () => (await import('./openFolder.ts')).openFolder,
  [COMMANDS.removeImage]: async () => (await import('./removeImage.ts')).removeImage,
  [COMMANDS.cleanCache]: async () => (await import('./cleanCache.ts')).cleanCache,
  [COMMANDS.copyCurl]: async () => (await import('./copyCurl.ts')).copyCurl,
  [COMMANDS.copyReference]: async () => (await import('./copyReference.ts')).copyReference,
  [COMMANDS.copyDigest]: async () => (await import('./copyDigest.ts')).copyDigest,
  [COMMANDS.showLog]: async () => (await import('./showLog.ts')).showLog,
};
