package gemm

// Prologue computes A as it is needed: a block at a time, which whoever multiplies it then has in the cache, so that A need not
// lie in memory.
type Prologue interface {
	// Rows sets a, whose rows are contiguous and follow each other, to rows and columns of A, the first of which is element
	// (row, col) of A. Each element is asked for once, by one of the workers.
	Rows(a Matrix, row, col int)
}

// ReadsWhole reports whether whole rows of A are read where they lie.
func (j *Job) ReadsWhole() bool { return !j.isFew() && !j.packsA() && j.A.Cols <= deep }
