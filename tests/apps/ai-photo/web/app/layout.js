import "./style.css";

export const metadata = { title: "AI photo" };

export default function Layout({ children }) {
  return (
    <html lang="en">
      <body>{children}</body>
    </html>
  );
}
