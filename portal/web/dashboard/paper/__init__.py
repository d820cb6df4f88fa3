"""What is printed: sheets with a QR code, laid out once in millimetres, written as PDF and as SVG. No request, no rows."""
