import type { Command } from './command/command.ts';
import { COMMANDS } from './common/ids.ts';
import type { Features } from './features.ts';

type CommandId = (typeof COMMANDS)[keyof typeof COMMANDS];

/**
 * Where each command is implemented. A feature's file is loaded when a command is first used, so
 * activation loads none.
 */
export const COMMAND_TABLE: Readonly<Record<CommandId, () => Promise<Command<Features>>>> = {
  [COMMANDS.addRegistry]: async () => (await import('./registriesView/addRegistry.ts')).addRegistry,
  [COMMANDS.removeRegistry]: async () => (await import('./registriesView/commands.ts')).removeRegistry,
  [COMMANDS.trustRegistry]: async () => (await import('./registriesView/commands.ts')).trustRegistry,
  [COMMANDS.signIn]: async () => (await import('./registriesView/signIn.ts')).signIn,
  [COMMANDS.signOut]: async () => (await import('./registriesView/signOut.ts')).signOut,
  [COMMANDS.openImage]: async () => (await import('./registriesView/commands.ts')).openImage,
  [COMMANDS.openLocal]: async () => (await import('./registriesView/openLocal.ts')).openLocal,
  [COMMANDS.searchHub]: async () => (await import('./registriesView/searchHub.ts')).searchHub,
  [COMMANDS.unpinRepository]: async () => (await import('./registriesView/commands.ts')).unpinRepository,
  [COMMANDS.listTags]: async () => (await import('./registriesView/listTags.ts')).listTags,
  [COMMANDS.listRepositories]: async () => (await import('./registriesView/listRepositories.ts')).listRepositories,
  [COMMANDS.listAttached]: async () => (await import('./trust/listAttached.ts')).listAttached,
  [COMMANDS.verifyImage]: async () => (await import('./trust/verifyImage.ts')).verifyImage,
  [COMMANDS.showManifest]: async () => (await import('./documents/commands.ts')).showManifest,
  [COMMANDS.showConfig]: async () => (await import('./documents/commands.ts')).showConfig,
  [COMMANDS.showImagePage]: async () => (await import('./imagePage/commands.ts')).showImagePage,
  [COMMANDS.analyzeImage]: async () => (await import('./imagePage/commands.ts')).analyzeImage,
  [COMMANDS.listPackages]: async () => (await import('./packages/listPackages.ts')).listPackages,
  [COMMANDS.compareImages]: async () => (await import('./compare/compareImages.ts')).compareImages,
  [COMMANDS.compareLayers]: async () => (await import('./compare/compareLayers.ts')).compareLayers,
  [COMMANDS.compareFiles]: async () => (await import('./compare/compareFiles.ts')).compareFiles,
  [COMMANDS.comparePrevious]: async () => (await import('./filesView/comparePrevious.ts')).comparePrevious,
  [COMMANDS.listFiles]: async () => (await import('./filesView/commands.ts')).listFiles,
  [COMMANDS.openFile]: async () => (await import('./filesView/commands.ts')).openFile,
  [COMMANDS.saveFile]: async () => (await import('./filesView/saveFile.ts')).saveFile,
  [COMMANDS.findFile]: async () => (await import('./filesView/commands.ts')).findFile,
  [COMMANDS.searchImage]: async () => (await import('./search/commands.ts')).searchImage,
  [COMMANDS.searchAgain]: async () => (await import('./search/commands.ts')).searchAgain,
  [COMMANDS.cancelSearch]: async () => (await import('./search/commands.ts')).cancelSearch,
  [COMMANDS.clearSearch]: async () => (await import('./search/commands.ts')).clearSearch,
  [COMMANDS.copyPath]: async () => (await import('./filesView/commands.ts')).copyPath,
  [COMMANDS.revealInLayer]: async () => (await import('./reveal/commands.ts')).revealInLayer,
  [COMMANDS.revealInFiles]: async () => (await import('./reveal/commands.ts')).revealInFiles,
  [COMMANDS.browseImage]: async () => (await import('./reveal/commands.ts')).browseImage,
  [COMMANDS.downloadLayer]: async () => (await import('./imagesView/commands.ts')).downloadLayer,
  [COMMANDS.extractLayer]: async () => (await import('./imagesView/extractLayer.ts')).extractLayer,
  [COMMANDS.pullImage]: async () => (await import('./imagesView/pullImage.ts')).pullImage,
  [COMMANDS.extractMerged]: async () => (await import('./imagesView/extractMerged.ts')).extractMerged,
  [COMMANDS.exportImage]: async () => (await import('./imagesView/exportImage.ts')).exportImage,
  [COMMANDS.mountImage]: async () => (await import('./mount/commands.ts')).mountImage,
  [COMMANDS.unmountImage]: async () => (await import('./mount/commands.ts')).unmountImage,
  [COMMANDS.mountWithoutSudo]: async () => (await import('./mount/mountWithoutSudo.ts')).mountWithoutSudo,
  [COMMANDS.unmountLazily]: async () => (await import('./mount/commands.ts')).unmountLazily,
  [COMMANDS.openShell]: async () => (await import('./mount/commands.ts')).openShell,
  [COMMANDS.openFolder]: async () => (await import('./imagesView/commands.ts')).openFolder,
  [COMMANDS.removeImage]: async () => (await import('./imagesView/removeImage.ts')).removeImage,
  [COMMANDS.cleanCache]: async () => (await import('./imagesView/commands.ts')).cleanCache,
  [COMMANDS.copyCurl]: async () => (await import('./registriesView/copyCurl.ts')).copyCurl,
  [COMMANDS.copyReference]: async () => (await import('./registriesView/commands.ts')).copyReference,
  [COMMANDS.copyDigest]: async () => (await import('./registriesView/commands.ts')).copyDigest,
  [COMMANDS.getStarted]: async () => (await import('./command/getStarted.ts')).getStarted,
  [COMMANDS.showLog]: async () => (await import('./command/showLog.ts')).showLog,
};
