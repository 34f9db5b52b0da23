"""The retinal classifier: fundus photographs and OCT scans."""
