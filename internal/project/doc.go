// Package project reads the project file: what a project wants of every check of its configs, such as which formats,
// targets and advice. It finds the file, judges it at its lines, and gives its settings as the options of these names
// take them; what they mean is for the commands to know that have the options.
//
// What is surprising: the file comes with the configs, so who may change these may change it. It has no setting that
// has anything written, none that silences an error, and its paths lead nowhere but to what is in the project.
package project
