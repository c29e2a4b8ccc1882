// The script of the console.
document.documentElement.lang = "en";
