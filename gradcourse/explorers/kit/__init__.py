"""What all explorers share: the base class, controls, fast pictures, maps and words."""
