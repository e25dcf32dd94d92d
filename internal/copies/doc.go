// Package copies changes files that are images of disks so that an interruption leaves the old ones, or such that are
// marked. By default a program works on copies beside them; when it has ended well the copies are brought to disk, a
// journal beside each image lists what is to be renamed, and then the copies take the images' places, one after the
// other. Who comes next and finds a journal goes on with it. In place, the images themselves are worked on, under names
// that say that they are not complete. What is done to them is not known here.
package copies
