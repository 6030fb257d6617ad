import "./style.css";

export const metadata = { title: "3D generator" };

export default function Layout({ children }) {
  return (
    <html lang="en">
      <body>{children}</body>
    </html>
  );
}
