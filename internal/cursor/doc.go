// Package cursor is a place in a document: the way to it, the node that stands there, and what is reported of it. Who
// walks a document (decoding, rules, the translation of Butane documents) does so with its type At. What is wrong with
// a place is for its callers to know, but for keys that a notation does not have, which are found in one way for all.
//
// Functions that rules call in a thousand places are not inlined there: the initramfs pays for every byte.
package cursor
