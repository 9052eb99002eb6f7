package art

// Layout is how a brand's pictures are built, as far as it can be measured.
type Layout struct {
	CopySpace *Region `json:"copy_space,omitempty" yaml:"copy_space,omitempty"` // where words will stand; it should be calm
	Product   *Region `json:"product,omitempty" yaml:"product,omitempty"`       // where the product stands; the eye should go there
}

// Region is a part of a picture: shares of its width and height, from the upper left corner.
type Region struct {
	X      float64 `json:"x" yaml:"x"`           // 0 is the left edge
	Y      float64 `json:"y" yaml:"y"`           // 0 is the upper edge
	Width  float64 `json:"width" yaml:"width"`   // 1 is the whole width
	Height float64 `json:"height" yaml:"height"` // 1 is the whole height
}

// In is the region in pixels of a picture, at least one wide and high.
func (r Region) In(width, height int) Box {
	x, y := min(width-1, max(0, int(r.X*float64(width)+0.5))), min(height-1, max(0, int(r.Y*float64(height)+0.5)))
	return Box{
		X: x, Y: y, Width: min(width-x, max(1, int(r.Width*float64(width)+0.5))), Height: min(height-y, max(1, int(r.Height*float64(height)+0.5))),
	}
}

// Valid tells whether the region lies within a picture.
func (r Region) Valid() bool {
	return r.X >= 0 && r.Y >= 0 && r.Width > 0 && r.Height > 0 && r.X+r.Width <= 1.0001 && r.Y+r.Height <= 1.0001
}
