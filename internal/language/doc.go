// Package language is the shape of the two notations that configs are written in, the JSON of configs and the YAML of
// Butane documents: which keys stand where, of what kind their values are, and since when. It is pure, and knows of no
// text.
//
// Shapes are made of the model and the table of package config, and for documents of the rows of sugar that come in.
// Both are of one type. What of a shape is in a document is decided by its Edition: a version of configs, or a dialect
// of Butane. Shapes answer what reading, merging, writing and describing documents ask: which member a key means, what
// somebody may have meant by a key that there is not, and what brought it.
package language
