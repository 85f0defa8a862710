/** Every id shared by package.json and the code, written once. A unit test compares the two. */

export const COMMANDS = {
  addRegistry: 'peel.addRegistry',
  removeRegistry: 'peel.removeRegistry',
  trustRegistry: 'peel.trustRegistry',
  signIn: 'peel.signIn',
  signOut: 'peel.signOut',
  openImage: 'peel.openImage',
  openLocal: 'peel.openLocal',
  searchHub: 'peel.searchHub',
  unpinRepository: 'peel.unpinRepository',
  listTags: 'peel.listTags',
  listRepositories: 'peel.listRepositories',
  askRegistry: 'peel.askRegistry',
  listAttached: 'peel.listAttached',
  verifyImage: 'peel.verifyImage',
  showManifest: 'peel.showManifest',
  showConfig: 'peel.showConfig',
  showImagePage: 'peel.showImagePage',
  analyzeImage: 'peel.analyzeImage',
  listPackages: 'peel.listPackages',
  exportSbom: 'peel.exportSbom',
  compareImages: 'peel.compareImages',
  compareLayers: 'peel.compareLayers',
  compareFiles: 'peel.compareFiles',
  comparePrevious: 'peel.comparePrevious',
  listFiles: 'peel.listFiles',
  openFile: 'peel.openFile',
  saveFile: 'peel.saveFile',
  findFile: 'peel.findFile',
  browseImage: 'peel.browseImage',
  copyPath: 'peel.copyPath',
  revealInLayer: 'peel.revealInLayer',
  revealInFiles: 'peel.revealInFiles',
  searchImage: 'peel.searchImage',
  searchAgain: 'peel.searchAgain',
  cancelSearch: 'peel.cancelSearch',
  clearSearch: 'peel.clearSearch',
  downloadLayer: 'peel.downloadLayer',
  extractLayer: 'peel.extractLayer',
  pullImage: 'peel.pullImage',
  extractMerged: 'peel.extractMerged',
  exportImage: 'peel.exportImage',
  pushImage: 'peel.pushImage',
  copyImage: 'peel.copyImage',
  tagImage: 'peel.tagImage',
  deleteTag: 'peel.deleteTag',
  mountImage: 'peel.mountImage',
  unmountImage: 'peel.unmountImage',
  mountWithoutSudo: 'peel.mountWithoutSudo',
  unmountLazily: 'peel.unmountLazily',
  openShell: 'peel.openShell',
  listChanges: 'peel.listChanges',
  commitImage: 'peel.commitImage',
  openFolder: 'peel.openFolder',
  removeImage: 'peel.removeImage',
  cleanCache: 'peel.cleanCache',
  copyCurl: 'peel.copyCurl',
  copyReference: 'peel.copyReference',
  copyLink: 'peel.copyLink',
  copyDigest: 'peel.copyDigest',
  getStarted: 'peel.getStarted',
  showLog: 'peel.showLog',
} as const;

/**
 * Commands that the trees register themselves, because they need the row rather than its argument.
 */
export const TREE_COMMANDS = {
  refresh: 'peel.refresh',
  loadMore: 'peel.loadMore',
  retry: 'peel.retry',
  stopReading: 'peel.stopReading',
  filter: 'peel.filter',
  clearFilter: 'peel.clearFilter',
} as const;

/** Commands of menus and keys that act on the selected rows. */
export const ROW_COMMANDS = {
  openToSide: 'peel.openToSide',
  compareSelected: 'peel.compareSelected',
  copyRows: 'peel.copyRows',
  removeRows: 'peel.removeRows',
  copyMessage: 'peel.copyMessage',
  copyDiskPath: 'peel.copyDiskPath',
  revealOnDisk: 'peel.revealOnDisk',
  openTerminalAt: 'peel.openTerminalAt',
} as const;

export const VIEW_CONTAINER = 'peel';

export const VIEWS = { registries: 'peel.registries', images: 'peel.images', search: 'peel.search' } as const;

/** Keys below `peel.`. VS Code treats a dotted path as one key. */
export const SETTINGS = {
  registries: 'registries',
  platform: 'platform',
  imagesFolder: 'imagesFolder',
  concurrency: 'concurrency',
  cacheSize: 'cache.maxSizeMB',
  dockerConfig: 'credentials.dockerConfig',
  podmanAuth: 'credentials.podmanAuth',
  certificateFolders: 'network.certificateFolders',
  firstByteTimeout: 'network.firstByteTimeoutSeconds',
  idleTimeout: 'network.idleTimeoutSeconds',
  maxBytes: 'limits.maxLayerMB',
  maxEntries: 'limits.maxEntries',
  editorHover: 'editor.hover',
  editorCompletion: 'editor.completion',
  editorLinks: 'editor.links',
  editorCodeLens: 'editor.codeLens',
  editorInlayHints: 'editor.inlayHints',
  restoreOwnership: 'mount.restoreOwnership',
  nosuidNodev: 'mount.nosuidNodev',
} as const;

export const SECTION = 'peel';

/** Keys for `when` clauses, set by `setContext`. */
export const CONTEXTS = {
  hasAccount: 'peel.hasAccount',
  hasDamaged: 'peel.hasDamagedImages',
  hasImages: 'peel.hasImages',
  hasMounted: 'peel.hasMounted',
  hasPinned: 'peel.hasPinned',
  hasSearch: 'peel.hasSearch',
  hasUnmounted: 'peel.hasUnmounted',
  searching: 'peel.searching',
  noRegistries: 'peel.noRegistries',
  layoutFolders: 'peel.layoutFolders',
} as const;

export const TASK_TYPE = 'peel';

/** Both are read-only: `json` shows manifests and configs, `files` the files of images. */
export const SCHEMES = { json: 'peel-json', files: 'peel' } as const;

/** The view types of Peel's webview pages. */
export const WEBVIEWS = { imagePage: 'peel.imagePage', comparison: 'peel.comparison' } as const;
