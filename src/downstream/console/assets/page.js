// The script of the console.
export {};
