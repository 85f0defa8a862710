import { Html } from './html.ts';

/**
 * The pages' style sheet. It uses VS Code's own fonts and colours, so it follows every theme,
 * including high contrast.
 */
export const STYLE = new Html(`
body { font: var(--vscode-font-size)/1.5 var(--vscode-font-family); color: var(--vscode-foreground); background: var(--vscode-editor-background); padding: 0 1.5rem 3rem; margin: 0; }
main { max-width: 64rem; margin: 0 auto; }
header { border-bottom: 1px solid var(--vscode-panel-border, var(--vscode-contrastBorder)); padding: 1rem 0; }
h1 { font-size: 1.7em; font-weight: 600; margin: 0; overflow-wrap: anywhere; }
h2 { font-size: 1.2em; font-weight: 600; margin: 2rem 0 .5rem; }
h3 { font-size: 1em; font-weight: 600; margin: 1.2rem 0 .3rem; }
header p { margin: .2rem 0 .8rem; color: var(--vscode-descriptionForeground); }
nav { display: flex; flex-wrap: wrap; gap: .5rem; }
a { color: var(--vscode-textLink-foreground); text-decoration: none; overflow-wrap: anywhere; }
a:hover { color: var(--vscode-textLink-activeForeground); text-decoration: underline; }
a:focus-visible, summary:focus-visible { outline: 1px solid var(--vscode-focusBorder); outline-offset: 2px; }
a.button { color: var(--vscode-button-secondaryForeground); background: var(--vscode-button-secondaryBackground); border: 1px solid var(--vscode-button-border, transparent); border-radius: 2px; padding: .2rem .8rem; }
a.button:first-child { color: var(--vscode-button-foreground); background: var(--vscode-button-background); }
a.button:hover { background: var(--vscode-button-secondaryHoverBackground); text-decoration: none; }
a.button:first-child:hover { background: var(--vscode-button-hoverBackground); }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: .15rem .8rem .15rem 0; font-weight: normal; overflow-wrap: anywhere; }
th { overflow-wrap: normal; }
th[scope=row] { width: min(14rem, 35%); color: var(--vscode-descriptionForeground); }
td.number, th.number { text-align: right; white-space: nowrap; width: 6rem; }
thead th { color: var(--vscode-descriptionForeground); border-bottom: 1px solid var(--vscode-panel-border, var(--vscode-contrastBorder)); }
code, pre { font-family: var(--vscode-editor-font-family); font-size: var(--vscode-editor-font-size); color: inherit; background: none; padding: 0; }
pre { white-space: pre-wrap; overflow-wrap: anywhere; margin: .2rem 0 0; padding: .4rem .6rem; background: var(--vscode-textCodeBlock-background); border-radius: 3px; }
ol.history { padding-left: 2.2rem; margin: 0; }
ol.history li { margin-bottom: .7rem; }
ol.history li::marker { color: var(--vscode-descriptionForeground); }
.step { display: flex; gap: 1rem; align-items: center; justify-content: space-between; }
.empty .step { color: var(--vscode-descriptionForeground); }
.bar { width: 10rem; height: .5rem; flex: none; }
.bar .full { fill: var(--vscode-editorWidget-background); }
.bar .share { fill: var(--vscode-charts-blue); }
.warning { border-left: 3px solid var(--vscode-editorWarning-foreground); background: var(--vscode-textBlockQuote-background); padding: .4rem .8rem; margin: .5rem 0; }
.treemap { width: 100%; height: auto; display: block; }
.treemap .tile { stroke: var(--vscode-contrastBorder, var(--vscode-editor-background)); stroke-width: 1; fill-opacity: .1; }
.treemap .depth1 { fill-opacity: .2; }
.treemap .depth2 { fill-opacity: .15; }
.treemap .color0 { fill: var(--vscode-charts-blue); }
.treemap .color1 { fill: var(--vscode-charts-green); }
.treemap .color2 { fill: var(--vscode-charts-orange); }
.treemap .color3 { fill: var(--vscode-charts-purple); }
.treemap .color4 { fill: var(--vscode-charts-red); }
.treemap .color5 { fill: var(--vscode-charts-yellow); }
.treemap text { fill: var(--vscode-editor-foreground); font-size: 11px; pointer-events: none; }
.treemap g:hover rect { stroke: var(--vscode-focusBorder); }
.tree { line-height: 1.6; }
.tree details > details, .tree details > .leaf { margin-left: 1.2rem; }
.tree summary { cursor: pointer; }
.sign { display: inline-block; width: 1rem; text-align: center; font-weight: 600; }
.sign.added { color: var(--vscode-gitDecoration-addedResourceForeground); }
.sign.removed { color: var(--vscode-gitDecoration-deletedResourceForeground); }
.sign.changed { color: var(--vscode-gitDecoration-modifiedResourceForeground); }
.quiet { color: var(--vscode-descriptionForeground); }
@media (max-width: 40rem) {
  body { padding: 0 .8rem 2rem; }
  .treemap text { font-size: 18px; }
  .step { flex-wrap: wrap; }
}
`);
