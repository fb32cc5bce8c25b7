import { ActionIcon, Button, createTheme, Menu, Modal, type MantineColorsTuple, Tooltip } from '@mantine/core';

// One accent, and greys with a trace of wood in them. Surfaces and text colours are CSS variables in app.css.
const floor: MantineColorsTuple = [
  '#edf2fe', '#e1e9ff', '#c6d4f9', '#abbdf9', '#7a97f5', '#5c7cf0', '#3e63dd', '#3358d4', '#2b4bb8', '#1f2d5c',
];
const gray: MantineColorsTuple = [
  '#faf9f8', '#f4f3f1', '#ebe9e6', '#e2dfdb', '#cfccc6', '#a8a49d', '#86827b', '#5f5c56', '#3f3d39', '#21201c',
];
const dark: MantineColorsTuple = [
  '#ecebe8', '#b9b5ae', '#95918a', '#6f6b65', '#3b3835', '#2b2927', '#211f1d', '#1a1918', '#131211', '#0d0c0b',
];

export const theme = createTheme({
  primaryColor: 'floor',
  primaryShade: { light: 6, dark: 5 },
  colors: { floor, gray, dark },
  fontFamily: "'Inter Variable', system-ui, sans-serif",
  fontFamilyMonospace: "ui-monospace, 'SFMono-Regular', 'JetBrains Mono', Menlo, 'DejaVu Sans Mono', monospace",
  fontSizes: { xs: '11px', sm: '12px', md: '13px', lg: '15px', xl: '18px' },
  defaultRadius: 'sm',
  radius: { xs: '3px', sm: '5px', md: '7px', lg: '10px' },
  cursorType: 'pointer',
  components: {
    Button: Button.extend({ defaultProps: { size: 'xs' } }),
    ActionIcon: ActionIcon.extend({ defaultProps: { variant: 'subtle', color: 'gray', size: 'md' } }),
    Tooltip: Tooltip.extend({ defaultProps: { openDelay: 350, withArrow: false, fz: 'xs' } }),
    Menu: Menu.extend({ defaultProps: { shadow: 'md', transitionProps: { duration: 0 } } }),
    Modal: Modal.extend({ defaultProps: { transitionProps: { duration: 80 }, centered: true } }),
  },
});
