package weights

import "fmt"

// Reason is why a safetensors file was refused. Where the reference implementation has a word for it, it is that word.
type Reason string

const (
	HeaderTooSmall      Reason = "HeaderTooSmall"               // under 8 bytes: no header length
	HeaderTooLarge      Reason = "HeaderTooLarge"               // header length over MaxHeader
	InvalidHeaderLength Reason = "InvalidHeaderLength"          // header length beyond the end of the file
	InvalidHeader       Reason = "InvalidHeader"                // header is not UTF-8
	InvalidHeaderJSON   Reason = "InvalidHeaderDeserialization" // header is not the JSON that the format asks for
	DuplicateKey        Reason = "DuplicateKey"                 // a key occurs twice in one object
	UnknownDType        Reason = "UnknownDType"
	InvalidOffset       Reason = "InvalidOffset" // holes, overlaps, end before start
	TensorInvalidInfo   Reason = "TensorInvalidInfo"
	ValidationOverflow  Reason = "ValidationOverflow"       // the number of bytes does not fit an integer
	MisalignedSlice     Reason = "MisalignedSlice"          // dtypes under 8 bits that do not fill whole bytes
	MetadataIncomplete  Reason = "MetadataIncompleteBuffer" // data longer or shorter than the header says
	ReservedName        Reason = "ReservedName"             // a tensor called __metadata__
	InvalidTensor       Reason = "InvalidTensor"            // data, shape and dtype of a tensor to write disagree
	Truncated           Reason = "Truncated"                // the file became shorter after it was opened
)

// again is the advice for a file that ends too early.
const again = "truncated; copy or download it again, or take an older checkpoint"

// A FormatError says which rule of the format a file or a tensor to write breaks.
type FormatError struct {
	Path   string // file name, as given
	Tensor string // empty if the fault is not one tensor's
	Reason Reason
	Detail string // what was expected and what was found
}

func (e *FormatError) Error() string {
	s := "weights: " + e.Path + ": "
	if e.Tensor != "" {
		s += fmt.Sprintf("tensor %q: ", e.Tensor)
	}
	return s + e.Detail + " (" + string(e.Reason) + ")"
}

func refuse(tensor string, reason Reason, format string, args ...any) *FormatError {
	return &FormatError{Tensor: tensor, Reason: reason, Detail: fmt.Sprintf(format, args...)}
}
