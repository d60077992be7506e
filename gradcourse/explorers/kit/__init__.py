"""What all explorers share: the base class, controls, panels, fast pictures, maps and words."""
